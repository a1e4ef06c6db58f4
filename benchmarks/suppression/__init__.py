"""What the benchmark of disclosure control needs: invented networks, the tables made of them, and the suppressors beside ours."""
