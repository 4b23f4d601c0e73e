// Memory that was given back, kept for whoever asks next. The system hands fresh memory out page by
// page, each at its first touch, which for the vectors and buffers of a short fit takes longer than
// to fill them.
#pragma once
#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <map>
#include <mutex>
#include <new>

class Spare {
  public:
    // At least so many bytes, on a cache line's edge.
    static void *take(size_t bytes) {
        {
            std::lock_guard<std::mutex> lock(use());
            const auto fit = kept().lower_bound(bytes);
            if (fit != kept().end() && fit->first <= rounded(bytes)) {
                void *const memory = fit->second;
                total() -= fit->first;
                kept().erase(fit);
                return memory;
            }
        }
        void *memory = nullptr;
        if (posix_memalign(&memory, LINE, rounded(bytes))) throw std::bad_alloc();
        return memory;
    }

    // `bytes` as they were asked for.
    static void give(void *memory, size_t bytes) noexcept {
        const size_t size = rounded(bytes);
        std::lock_guard<std::mutex> lock(use());
        if (total() + size <= MOST) try {
            kept().emplace(size, memory);
            total() += size;
            return;
        } catch (const std::bad_alloc &) {
        }
        std::free(memory);
    }

  private:
    static constexpr size_t LINE = 64, PAGE = 4096, MOST = 32 << 20;

    // So that sizes that differ little serve each other.
    static size_t rounded(size_t bytes) { return bytes < PAGE ? PAGE : (bytes + PAGE - 1) / PAGE * PAGE; }

    // Never ended: buffers may be given back while the process ends.
    static std::mutex &use() {
        static auto &mutex = *new std::mutex;
        return mutex;
    }
    static std::multimap<size_t, void *> &kept() {
        static auto &sizes = *new std::multimap<size_t, void *>;
        return sizes;
    }
    static size_t &total() {
        static size_t bytes = 0;
        return bytes;
    }
};
