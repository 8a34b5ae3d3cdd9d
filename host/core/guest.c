#include "guest.h"
bool guest_wanted(void) { return false; }
bool guest_active(void) { return false; }
int guest_init(int (*run)(int, char **)) { (void)run; return 1; }
