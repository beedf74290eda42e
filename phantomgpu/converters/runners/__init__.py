"""What runs in the process of a framework; ``boot.py`` starts it, and nothing else imports it."""
