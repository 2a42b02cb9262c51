"""What every machine's endpoint shares and no floor above need repeat: fields, documented answers, keyed acts."""
