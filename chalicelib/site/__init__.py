"""The public site: pages for people, in Chinese and English, without log-in and without JavaScript."""
