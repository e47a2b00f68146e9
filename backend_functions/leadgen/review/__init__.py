"""What a person's work on a CAPTCHA leads to."""
