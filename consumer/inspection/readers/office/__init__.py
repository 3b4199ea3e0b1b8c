"""Word and Excel files: ZIP packages (`ooxml`) and compound files (`ole`), and all that they may bring along."""
