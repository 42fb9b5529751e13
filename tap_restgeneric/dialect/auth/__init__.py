"""Who asks? The ways to sign a call, and the tokens they need."""
