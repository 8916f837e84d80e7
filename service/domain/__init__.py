"""Pure rules of the service: no Flask, no SQLAlchemy, no clock."""
