"""A CloudAPI in this process."""
