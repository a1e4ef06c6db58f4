"""The attacker: what a reader can deduce, from nothing but what is published. It shares no code with the suppressor."""
