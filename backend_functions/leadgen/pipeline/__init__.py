"""Where the rooms meet: a post becomes a contact, a contact becomes a mail or a review. Also the sweep."""
