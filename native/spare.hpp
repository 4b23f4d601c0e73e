// Memory that was given back, kept for whoever asks next. The system hands fresh memory out page by
// page, each at its first touch, which for the vectors and buffers of a short fit takes longer than
// to fill them.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdlib>
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
            if (fit != kept().end() && fit->first <= rounded(bytes)) return removed(fit);
        }
        void *memory = nullptr;
        if (posix_memalign(&memory, LINE, rounded(bytes))) throw std::bad_alloc();
        return memory;
    }

    // `bytes` as they were asked for.
    static void give(void *memory, size_t bytes) noexcept {
        const size_t size = rounded(bytes);
        std::lock_guard<std::mutex> lock(use());
        while (!kept().empty() && size <= MOST && total() + size > MOST) std::free(removed(oldest()));
        if (total() + size <= MOST) try {
            kept().emplace(size, Piece{memory, ++count()});
            total() += size;
            return;
        } catch (const std::bad_alloc &) {
        }
        std::free(memory);
    }

  private:
    struct Piece {
        void *memory;
        size_t number;  // in the order in which they were given back
    };
    using Pieces = std::multimap<size_t, Piece>;

    static void *removed(Pieces::iterator piece) {
        void *const memory = piece->second.memory;
        total() -= piece->first;
        kept().erase(piece);
        return memory;
    }
    static Pieces::iterator oldest() {
        const auto older = [](const auto &a, const auto &b) { return a.second.number < b.second.number; };
        return std::min_element(kept().begin(), kept().end(), older);
    }

    static constexpr size_t LINE = 64, PAGE = 4096, MOST = 32 << 20;

    // So that sizes that differ little serve each other.
    static size_t rounded(size_t bytes) { return bytes < PAGE ? PAGE : (bytes + PAGE - 1) / PAGE * PAGE; }

    // Never ended: buffers may be given back while the process ends.
    static std::mutex &use() {
        static auto &mutex = *new std::mutex;
        return mutex;
    }
    static Pieces &kept() {
        static auto &pieces = *new Pieces;
        return pieces;
    }
    static size_t &count() {
        static size_t given = 0;
        return given;
    }
    static size_t &total() {
        static size_t bytes = 0;
        return bytes;
    }
};
