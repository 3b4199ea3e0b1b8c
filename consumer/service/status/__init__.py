"""What a person sees of processes: by `top` in a terminal, on the status page in a browser. Read `shown` first."""
