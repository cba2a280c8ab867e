// KUBEVIGIL_SANITIZED: compiled with a sanitizer (g++ or clang), whose own memory hides what a test would measure, and
// under which all takes up to twenty times as long.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KUBEVIGIL_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KUBEVIGIL_SANITIZED
#endif
#endif

namespace kubevigil {

// Of so many rounds of a property those that run under a sanitizer, a third: which one meets what is seen without.
template <typename T>
constexpr T sanitized_share(T rounds) {
#ifdef KUBEVIGIL_SANITIZED
  return rounds < 3 ? rounds : rounds / 3;
#else
  return rounds;
#endif
}

}  // namespace kubevigil
