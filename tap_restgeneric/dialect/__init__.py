"""What a user may write. Values only: no network, no clock, no SDK."""
