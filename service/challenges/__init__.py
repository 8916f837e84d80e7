"""Step-up as people meet it: the methods, mail, sign-in elsewhere, and the hosted pages."""
