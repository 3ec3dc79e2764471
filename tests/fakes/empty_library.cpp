// A library with a name of torch's and nothing in it.

extern const int kNothing;
const int kNothing = 0;
