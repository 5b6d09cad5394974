"""What may leave the house: the reporting plan and its rules."""
