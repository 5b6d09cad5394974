"""What an export looks like, and the survey.toml that follows from it, every guess marked."""
