"""/v1/customer-portal/: what customers do themselves, with the token of their session."""
