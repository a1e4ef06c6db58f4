"""What other systems ask of Plenary."""
