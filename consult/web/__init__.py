"""What the owner's and the staff's pages share: headers, errors, limits, logs and the brand."""
