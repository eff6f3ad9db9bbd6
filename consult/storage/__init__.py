"""What is stored: the tables, the migrations, and the functions that read and write them."""
