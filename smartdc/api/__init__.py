"""One class of plain methods for each chapter of the CloudAPI reference."""
