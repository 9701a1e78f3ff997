"""What it costs to judge every objective and every alert, with a month of counts in memory."""
