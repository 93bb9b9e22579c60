"""The server's side of each chapter of the CloudAPI reference."""
