#include "sbert/train/training_data.h"
