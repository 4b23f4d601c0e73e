// Kept threads that share a job, and wake within microseconds when jobs follow each other closely.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>
#include <unistd.h>

class Team {
  public:
    // A team that nobody uses, or a new one. Threads are started once in a process and never ended:
    // new ones need milliseconds to settle on a core of their own, and asleep they cost nothing.
    static Team *take(int n_helpers) {
        std::lock_guard<std::mutex> lock(idle_use());
        std::vector<Team *> &teams = idle();
        for (size_t k = 0; k < teams.size(); k++)
            if (teams[k]->n_helpers_ == n_helpers && teams[k]->alive()) {
                Team *team = std::exchange(teams[k], teams.back());
                teams.pop_back();
                return team;
            }
        return new Team(n_helpers);
    }
    static void give(Team *team) {
        std::lock_guard<std::mutex> lock(idle_use());
        idle().push_back(team);
    }

    Team(const Team &) = delete;

    // After a fork the threads are not there.
    bool alive() const { return process_ == getpid(); }
    int n_helpers() const { return n_helpers_; }

    // Calls work() here and on every helper that comes before that is done; returns when all have
    // done. So a helper that the system keeps asleep delays nobody.
    template <class F> void run(const F &work) {
        const Job job = {[](const void *f) { (*static_cast<const F *>(f))(); }, &work};
        {
            std::lock_guard<std::mutex> lock(mutex_);
            job_ = &job;
            generation_.fetch_add(1, std::memory_order_release);
        }
        if (asleep_.load() > 0) wake_.notify_all();
        work();
        {
            std::lock_guard<std::mutex> lock(mutex_);
            job_ = nullptr;  // who comes now finds nothing to do
        }
        watch([this] { return working_.load(std::memory_order_acquire) == 0; });
        std::unique_lock<std::mutex> lock(mutex_);
        done_.wait(lock, [this] { return working_.load() == 0; });
    }

  private:
    // Where the system gives fewer threads, the others do the work.
    explicit Team(int n_helpers) : n_helpers_(n_helpers), process_(getpid()) {
        try {
            for (int k = 0; k < n_helpers; k++) std::thread([this] { help(); }).detach();
        } catch (const std::system_error &) {
        }
    }

    static std::vector<Team *> &idle() {
        static auto &teams = *new std::vector<Team *>;
        return teams;
    }
    static std::mutex &idle_use() {
        static auto &mutex = *new std::mutex;
        return mutex;
    }

    // Long enough for a minimiser's own work between two evaluations, and short beside a time slice.
    static constexpr std::chrono::microseconds PATIENCE{100};

    struct Job {
        void (*call)(const void *work);
        const void *work;
    };

    void help() {
        uint64_t seen = 0;
        while (true) {
            watch([&] { return generation_.load(std::memory_order_acquire) != seen; });
            std::unique_lock<std::mutex> lock(mutex_);
            asleep_++;
            wake_.wait(lock, [&] { return generation_.load() != seen; });
            asleep_--;
            seen = generation_.load();
            if (!job_) continue;
            const Job job = *job_;
            working_++;
            lock.unlock();
            job.call(job.work);
            lock.lock();
            if (--working_ == 0) done_.notify_one();
        }
    }

    template <class F> static void watch(const F &done) {
        const auto until = std::chrono::steady_clock::now() + PATIENCE;
        while (!done() && std::chrono::steady_clock::now() < until)
            std::this_thread::yield();  // to whoever works on this core
    }

    std::mutex mutex_;
    std::condition_variable wake_, done_;
    std::atomic<uint64_t> generation_{0};
    std::atomic<int> asleep_{0};
    const Job *job_ = nullptr;
    std::atomic<int> working_{0};
    const int n_helpers_;
    const pid_t process_;
};
