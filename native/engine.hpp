// The sum over blocks: lanes, their threads, the fixed order of addition. No Python here.
#pragma once
#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

#include "network.hpp"
#include "team.hpp"

// Blocks are edges[k] … edges[k + 1]; lane l takes blocks l, l + n_lanes, … in that order.
struct Plan {
    const int64_t *edges = nullptr;
    long n_blocks = 0;
    long n_lanes = 1;
    int n_threads = 1;
};

class Engine {
  public:
    Engine(Network network, const Target &target)
        : network(std::move(network)), target_(target) {}
    virtual ~Engine() { let_team_go(); }

    // Cost with penalty; its gradient to `out`.
    virtual double gradient(const double *theta, const Rows &, const Plan &, Decay, double *out) = 0;
    virtual double cost(const double *theta, const Rows &, const Plan &, Decay) = 0;
    virtual void curvature(const double *theta, const double *v, const Rows &, const Plan &,
                           double decay, double *out) = 0;
    // Keeps rows as inputs, for calls whose blocks begin with a panel.
    virtual void keep(const Rows &, long n_rows) = 0;
    long n_kept() const { return n_kept_; }
    const void *kept() const { return kept_; }
    // Keeps weights for the two below, which may be called by several threads at once.
    virtual void load(const double *theta) = 0;
    virtual void logits(const Rows &, const Plan &, void *out) = 0;
    virtual void probabilities(const Rows &, const Plan &, void *out) = 0;

    void close() {
        std::lock_guard<std::mutex> lock(team_use_);
        let_team_go();
    }

    const Network network;

  protected:
    // Calls f(task) for every task on at most n_threads threads; false if memory ran out.
    template <class F> bool share(long n_tasks, int n_threads, const F &f) {
        std::atomic<long> next{0};
        std::atomic<bool> enough{true};
        const auto work = [&] {
            try {
                for (long task; (task = next.fetch_add(1)) < n_tasks;) f(task);
            } catch (const std::bad_alloc &) {
                enough = false;
            }
        };
        std::unique_lock<std::mutex> lock(team_use_, std::defer_lock);
        if (std::min<long>(n_threads, n_tasks) > 1 && lock.try_lock()) team(n_threads - 1).run(work);
        else work();
        return enough;
    }

    const Target &target_;
    std::mutex call_;
    long n_kept_ = 0;
    const void *kept_ = nullptr;

  private:
    Team &team(int n_helpers) {
        if (team_ && !(team_->alive() && team_->n_helpers() == n_helpers)) let_team_go();
        if (!team_) team_ = Team::take(n_helpers);
        return *team_;
    }
    void let_team_go() {
        if (team_) Team::give(std::exchange(team_, nullptr));
    }

    std::mutex team_use_;
    Team *team_ = nullptr;
};

template <class T> class EngineOf final : public Engine {
  public:
    using Engine::Engine;

    double gradient(const double *theta, const Rows &rows, const Plan &plan, Decay decay,
                    double *out) override {
        std::lock_guard<std::mutex> lock(call_);
        pack(theta, weights_, plan.n_threads);
        double *costs = costs_.reserve(plan.n_lanes);
        const bool shorter = sizeof(T) < sizeof(double);
        if (shorter && plan.n_lanes > 1 && plan.n_lanes == plan.n_blocks)
            add_blocks(plan, out, [&](long k, Work<T> &work, T *sums) {
                costs[k] = operations().gradient_alone(network, weights_, work, rows,
                                                       plan.edges[k], plan.edges[k + 1], sums);
            });
        else
            add_lanes(plan, out, [&](long lane, Work<T> &work, double *sums) {
                costs[lane] = 0;
                each_block(plan, lane, [&](long start, long stop, bool first) {
                    costs[lane] += operations().gradient(network, weights_, work, rows, start, stop,
                                                         sums, first);
                });
            });
        const auto penalise = [&](long begin, long end) {
            add_decay(theta, decay, begin, end, out);
            return penalty(theta, decay, begin, end);
        };
        return tree(costs, plan.n_lanes) + sum_over_W(decay, plan.n_threads, penalise);
    }

    double cost(const double *theta, const Rows &rows, const Plan &plan, Decay decay) override {
        std::lock_guard<std::mutex> lock(call_);
        pack(theta, weights_, plan.n_threads);
        double *costs = costs_.reserve(plan.n_lanes);
        each_lane(plan, [&](long lane, Work<T> &work) {
            costs[lane] = 0;
            each_block(plan, lane, [&](long start, long stop, bool) {
                costs[lane] += operations().cost(network, weights_, work, rows, start, stop);
            });
        });
        const auto part = [&](long begin, long end) { return penalty(theta, decay, begin, end); };
        return tree(costs, plan.n_lanes) + sum_over_W(decay, plan.n_threads, part);
    }

    void curvature(const double *theta, const double *v, const Rows &rows, const Plan &plan,
                   double decay, double *out) override {
        std::lock_guard<std::mutex> lock(call_);
        pack(theta, weights_, plan.n_threads);
        pack(v, direction_, plan.n_threads);
        add_lanes(plan, out, [&](long lane, Work<T> &work, double *sums) {
            each_block(plan, lane, [&](long start, long stop, bool first) {
                operations().curvature(network, weights_, direction_, work, rows, start, stop, sums,
                                       first);
            });
        });
        sum_over_W(decay, plan.n_threads, [&](long begin, long end) {
            add_decay(v, decay, begin, end, out);
            return 0.0;
        });
    }

    void keep(const Rows &rows, long n_rows) override {
        const long panels = (n_rows + PANEL - 1) / PANEL;
        T *inputs = inputs_.reserve(panels * PANEL * network.n_inputs());
        operations().map(network, rows, 0, n_rows, inputs);
        kept_ = inputs;
        n_kept_ = n_rows;
    }
    void load(const double *theta) override { pack(theta, loaded_, 1); }
    void logits(const Rows &rows, const Plan &plan, void *out) override {
        write(operations().logits, rows, plan, static_cast<T *>(out));
    }
    void probabilities(const Rows &rows, const Plan &plan, void *out) override {
        write(operations().probabilities, rows, plan, static_cast<T *>(out));
    }

  private:
    static constexpr long PACK_WORTH = 1 << 15;
    static constexpr long PART = 1 << 14;   // components that a thread takes at a time
    static constexpr long CHUNK = 1 << 10;  // components that stay in the first cache

    const Operations<T> &operations() const { return target_.of<T>(); }

    template <class F> static void each_block(const Plan &plan, long lane, const F &f) {
        for (long k = lane; k < plan.n_blocks; k += plan.n_lanes)
            f(plan.edges[k], plan.edges[k + 1], k == lane);
    }

    template <class F> void each_lane(const Plan &plan, const F &f) {
        const bool enough = share(plan.n_lanes, plan.n_threads, [&](long lane) {
            Lease work(*this);
            f(lane, *work);
        });
        if (!enough) throw std::bad_alloc();
    }

    // A few threads share what takes longer than their meeting.
    void pack(const double *theta, Packed<T> &to, int n_threads) {
        for (Buffer<T> *buffer : {&to.forward, &to.backward, &to.bias})
            buffer->reserve(network.n_weights);
        const long n_parts = n_threads > 1 && network.n_weights > PACK_WORTH ? 4 * n_threads : 1;
        share(n_parts, n_threads,
              [&](long part) { operations().pack(network, theta, to, part, n_parts); });
    }

    // Each lane's own sum, the first in `out`, and then their sum there.
    template <class F> void add_lanes(const Plan &plan, double *out, const F &f) {
        const long n = network.n_weights;
        double *others = sums_.reserve((plan.n_lanes - 1) * n + 1);
        const auto sums = [&](long lane) { return lane ? others + (lane - 1) * n : out; };
        each_lane(plan, [&](long lane, Work<T> &work) {
            f(lane, work, sums(lane));
        });
        // Every component is added in the same tree, so that they may be shared out.
        each_part(n, plan.n_threads, [&](long begin, long end) {
            for (long step = 1; step < plan.n_lanes; step *= 2)
                for (long lane = 0; lane + step < plan.n_lanes; lane += 2 * step)
                    add(sums(lane), sums(lane + step), begin, end);
        });
    }

    // The same where each lane has one block: its sums are no more precise than T, and half as long.
    template <class F> void add_blocks(const Plan &plan, double *out, const F &f) {
        const long n = network.n_weights;
        T *lanes = alone_.reserve(plan.n_lanes * n);
        each_lane(plan, [&](long lane, Work<T> &work) { f(lane, work, lanes + lane * n); });
        each_part(n, plan.n_threads, [&](long begin, long end) {
            for (long k = begin; k < end; k += CHUNK)
                add_tree(lanes + k, plan.n_lanes, std::min(CHUNK, end - k), out + k);
        });
    }
    // The sums of n components over lanes, in the tree of add_lanes().
    void add_tree(const T *lanes, long n_lanes, long n, double *out) const {
        if (n_lanes == 1) {
            std::copy_n(lanes, n, out);
            return;
        }
        long half = 1;
        while (2 * half < n_lanes) half *= 2;
        double others[CHUNK];
        add_tree(lanes, half, n, out);
        add_tree(lanes + half * network.n_weights, n_lanes - half, n, others);
        add(out, others, 0, n);
    }

    template <class F> void each_part(long n, int n_threads, const F &f) {
        share((n + PART - 1) / PART, n_threads,
              [&](long k) { f(k * PART, std::min(n, (k + 1) * PART)); });
    }

    static void add(double *to, const double *from, long begin, long end) {
        for (long i = begin; i < end; i++) to[i] += from[i];
    }
    static double tree(double *values, long n) {
        for (long step = 1; step < n; step *= 2)
            for (long i = 0; i + step < n; i += 2 * step) values[i] += values[i + step];
        return values[0];
    }

    // The sum of f(begin, end) over pieces of W: the penalty is on W alone, not on b.
    template <class F> double sum_over_W(Decay decay, int n_threads, const F &f) {
        if (!decay.squares && !decay.sizes) return 0;
        const long n_parts = (network.n_weights + PART - 1) / PART;
        double *sums = penalties_.reserve(n_parts);
        each_part(network.n_weights, n_threads, [&](long begin, long end) {
            double sum = 0;
            for (const Layer &layer : network.layers) {
                const long from = std::max(begin, layer.start), to = std::min(end, layer.bias());
                if (from < to) sum += f(from, to);
            }
            sums[begin / PART] = sum;
        });
        return tree(sums, n_parts);
    }
    static double penalty(const double *theta, Decay decay, long begin, long end) {
        double squares = 0, sizes = 0;
        if (decay.squares)
#pragma omp simd reduction(+ : squares)
            for (long i = begin; i < end; i++) squares += theta[i] * theta[i];
        if (decay.sizes)
#pragma omp simd reduction(+ : sizes)
            for (long i = begin; i < end; i++) sizes += std::abs(theta[i]);
        return decay.squares / 2 * squares + decay.sizes * sizes;
    }
    static void add_decay(const double *theta, Decay decay, long begin, long end, double *out) {
        if (decay.squares)
            for (long i = begin; i < end; i++) out[i] += decay.squares * theta[i];
        if (decay.sizes)
            for (long i = begin; i < end; i++)
                out[i] += theta[i] > 0 ? decay.sizes : theta[i] < 0 ? -decay.sizes : 0.0;
    }

    template <class Write> void write(Write operation, const Rows &rows, const Plan &plan, T *out) {
        each_lane(plan, [&](long lane, Work<T> &work) {
            each_block(plan, lane, [&](long start, long stop, bool) {
                operation(network, loaded_, work, rows, start, stop, out + start * network.n_classes());
            });
        });
    }

    // Work memory for as long as a lane takes; given back, and used again.
    class Lease {
      public:
        explicit Lease(EngineOf &engine) : engine_(engine) {
            std::lock_guard<std::mutex> lock(engine_.spare_use_);
            if (engine_.spare_.empty()) engine_.spare_.push_back(std::make_unique<Work<T>>());
            work_ = std::move(engine_.spare_.back());
            engine_.spare_.pop_back();
        }
        ~Lease() {
            std::lock_guard<std::mutex> lock(engine_.spare_use_);
            engine_.spare_.push_back(std::move(work_));
        }
        Work<T> &operator*() { return *work_; }

      private:
        EngineOf &engine_;
        std::unique_ptr<Work<T>> work_;
    };

    Packed<T> weights_, direction_, loaded_;
    Buffer<T> inputs_, alone_;
    Buffer<double> sums_, costs_, penalties_;
    std::mutex spare_use_;
    std::vector<std::unique_ptr<Work<T>>> spare_;
};
