"""What people look at: the pay page, the customer portal and the dashboard."""
