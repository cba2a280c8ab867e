// KUBEVIGIL_SANITIZED: compiled with a sanitizer (g++ or clang), whose own memory hides what a test would measure.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KUBEVIGIL_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KUBEVIGIL_SANITIZED
#endif
#endif
