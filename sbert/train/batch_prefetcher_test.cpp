#include "sbert/train/batch_prefetcher.h"
