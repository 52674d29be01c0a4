"""PDF documents of the bank: fonts, pages, seal and signature. Only who makes documents imports it."""
