"""One content document and its views: static site, PDF, open data, slides. No queries here."""
