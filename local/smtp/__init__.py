"""A mail submission server on the loopback interface: real SMTP with TLS and sign-in, mailboxes, faults on demand."""
