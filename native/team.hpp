// Kept threads that share a job, and wake within microseconds when jobs follow each other closely.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>
#include <unistd.h>

class Team {
  public:
    explicit Team(int n_helpers) : process_(getpid()) {
        for (int k = 1; k <= n_helpers; k++) threads_.emplace_back([this, k] { help(k); });
    }
    Team(const Team &) = delete;
    ~Team() {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            leaving_ = true;
            generation_++;
        }
        wake_.notify_all();
        for (std::thread &thread : threads_) thread.join();
    }

    // After a fork the threads are not there.
    bool alive() const { return process_ == getpid(); }
    int helpers() const { return int(threads_.size()); }

    // Calls work(0) here and work(k) on every helper that comes before that is done; returns when
    // all of them have. So a helper that the system keeps asleep delays nobody.
    template <class F> void run(const F &work) {
        const Job job = {[](const void *f, int k) { (*static_cast<const F *>(f))(k); }, &work};
        {
            std::lock_guard<std::mutex> lock(mutex_);
            job_ = &job;
            generation_.fetch_add(1, std::memory_order_release);
        }
        if (asleep_.load() > 0) wake_.notify_all();
        work(0);
        std::unique_lock<std::mutex> lock(mutex_);
        job_ = nullptr;
        done_.wait(lock, [this] { return working_ == 0; });
    }

  private:
    // Long enough for a minimiser's own work between two evaluations, and short beside a time slice.
    static constexpr std::chrono::microseconds PATIENCE{100};

    struct Job {
        void (*call)(const void *work, int worker);
        const void *work;
    };

    void help(int k) {
        uint64_t seen = 0;
        while (true) {
            watch(seen);
            std::unique_lock<std::mutex> lock(mutex_);
            asleep_++;
            wake_.wait(lock, [&] { return generation_.load() != seen; });
            asleep_--;
            seen = generation_.load();
            if (leaving_) return;
            if (!job_) continue;
            const Job job = *job_;
            working_++;
            lock.unlock();
            job.call(job.work, k);
            lock.lock();
            if (--working_ == 0) done_.notify_one();
        }
    }

    void watch(uint64_t seen) const {
        const auto until = std::chrono::steady_clock::now() + PATIENCE;
        while (generation_.load(std::memory_order_acquire) == seen &&
               std::chrono::steady_clock::now() < until) {
#if defined(__x86_64__)
            __builtin_ia32_pause();
#endif
        }
    }

    std::vector<std::thread> threads_;
    std::mutex mutex_;
    std::condition_variable wake_, done_;
    std::atomic<uint64_t> generation_{0};
    std::atomic<int> asleep_{0};
    const Job *job_ = nullptr;
    int working_ = 0;
    bool leaving_ = false;
    const pid_t process_;
};
