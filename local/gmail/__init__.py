"""Google's sign-in and the part of the Gmail API that sends mail, on the loopback interface."""
