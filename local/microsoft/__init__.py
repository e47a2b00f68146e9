"""A stand-in for the Microsoft identity platform and Microsoft Graph mail, speaking the real protocols over TLS."""
