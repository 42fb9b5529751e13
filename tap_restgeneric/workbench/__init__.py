"""What does a person do around the tap? One module per command of `restgeneric`, and what they share."""
