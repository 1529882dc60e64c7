#pragma once

#include "tests/sim/context.hpp"

#include "runtime/journal/memory_store.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::sim {

/// The store as its own process that never dies, with the journal actor's manners: requests of one process are answered
/// in order. A request that has left is done even if its sender dies before the answer.
class store_service {
public:
  enum class mood : uint8_t {
    well,
    /// Every write fails and changes nothing.
    failing,
    /// Every write is done, and then reported as failed.
    lying,
    /// Answers come so late that the asker has given up.
    slow,
  };

  store_service(context& world, std::function<bool(const std::string& owner)> owner_alive)
      : world_{world}, store_{std::move(owner_alive)} {}

  void be(mood how) {
    mood_ = how;
  }

  /// Nothing gets through to this process and from it, until it is joined again.
  void cut(process& from, bool off) {
    auto& line = lines_[&from];
    line.cut = off;
    line.cut_since = world_.time.now();
    if (!off)
      for (auto& waiting : std::exchange(line.stalled, {}))
        world_.time.after(0, std::move(waiting));
  }

  /// Cannot have renewed its lease for so long.
  usec cut_for(const process& who) const {
    auto line = lines_.find(&who);
    return line == lines_.end() || !line->second.cut ? 0 : world_.time.now() - line->second.cut_since;
  }

  /// What is stored, whatever goes wrong.
  result<v1::RunDetails> stored(const std::string& run) {
    return store_.load(run);
  }

  void append(process& from, v1::AppendEvents entry, std::function<void(result<v1::EventsAppended>)> then) {
    ask<v1::EventsAppended>(
        from, patience, true, [this, entry = std::move(entry)] { return write(entry); }, std::move(then));
  }

  void create(process& from, v1::CreateRun request, std::function<void(result<v1::RunSummary>)> then) {
    ask<v1::RunSummary>(
        from, patience, true,
        [this, request = std::move(request)] {
          auto out = store_.create(request);
          if (out)
            world_.judge.created(request);
          return out;
        },
        std::move(then));
  }

  void claim(process& from, v1::ClaimRun request, std::function<void(result<v1::RunSummary>)> then) {
    ask<v1::RunSummary>(
        from, patience, true,
        [this, request = std::move(request)] {
          auto out = store_.claim(request);
          if (out)
            world_.judge.claimed(*out);
          else if (out.error().code == v1::ERROR_CODE_FENCED)
            world_.see(sight::claim_refused);
          return out;
        },
        std::move(then));
  }

  void load(process& from, std::string run, std::function<void(result<v1::RunDetails>)> then) {
    ask<v1::RunDetails>(
        from, patience, false, [this, run = std::move(run)] { return store_.load(run); }, std::move(then));
  }

  void list(process& from, std::function<void(result<v1::RunList>)> then) {
    ask<v1::RunList>(
        from, patience, false, [this] { return store_.list(10'000, true); }, std::move(then));
  }

  /// How long the run coordinator and the coordinator wait for an answer.
  static constexpr usec patience = 30 * second;

private:
  result<v1::EventsAppended> write(const v1::AppendEvents& meant) {
    auto entry = meant;
    if (world_.broken == mutation::epoch_check) {
      auto [epoch, seq] = world_.judge.head(entry.run_id());
      if (entry.epoch() != epoch) {
        entry.set_epoch(epoch);
        entry.set_first_seq(seq + 1);
      }
    }
    const v1::AppendEvents* one = &entry;
    auto out = store_.append({&one, 1});
    if (!out)
      return tl::unexpected(out.error());
    if (out->front())
      world_.judge.appended(meant);
    else if (out->front().error().code == v1::ERROR_CODE_FENCED)
      world_.see(sight::stale_append_refused);
    return std::move(out->front());
  }

  template <class T, class Work>
  void ask(process& from, usec timeout, bool writes, Work work, std::function<void(result<T>)> then) {
    auto decided = std::make_shared<bool>(false);
    world_.time.after(timeout, from, [decided, then] {
      if (!std::exchange(*decided, true))
        then(fail(v1::ERROR_CODE_TIMED_OUT, "the journal did not answer", true));
    });
    auto& line = lines_[&from];
    line.request = std::max(line.request + 1, world_.time.now() + world_.between(5, 200));
    pass(from, line.request, [this, &from, life = from.life, decided, writes, work = std::move(work), then] {
      auto outcome = writes && mood_ == mood::failing ? result<T>{tl::unexpected(memory_store::disk_full())} : work();
      if (writes && mood_ == mood::lying)
        outcome = fail(v1::ERROR_CODE_STORE, "the disk did not confirm the write", true);
      auto& back = lines_.at(&from);
      auto takes = world_.between(50, 3 * msec);
      if (mood_ == mood::slow)
        takes += world_.between(1 * second, 45 * second);
      back.reply = std::max(back.reply + 1, world_.time.now() + takes);
      // What it began while it was slow it ends when nothing else goes wrong any more.
      if (mood_ == mood::slow)
        world_.judge.expect_trouble(world_.time.now(), back.reply);
      if (from.life != life)
        return;
      pass(from, back.reply, [this, &from, life, decided, then, outcome = std::move(outcome)] {
        if (from.life == life)
          world_.time.after(0, from, [decided, then, outcome] {
            if (!std::exchange(*decided, true))
              then(outcome);
          });
      });
    });
  }

  /// At a time, or once the line holds again.
  void pass(process& from, usec at, std::function<void()> what) {
    world_.time.after(at - world_.time.now(), [this, &from, what = std::move(what)]() mutable {
      auto& line = lines_.at(&from);
      if (line.cut)
        line.stalled.push_back(std::move(what));
      else
        what();
    });
  }

  /// Between a process and the store. Both ways are in order.
  struct connection_line {
    usec request = 0;
    usec reply = 0;
    bool cut = false;
    usec cut_since = 0;
    std::vector<std::function<void()>> stalled = {};
  };

  context& world_;
  memory_store store_;
  mood mood_ = mood::well;
  std::map<const process*, connection_line> lines_;
};

} // namespace troupe::sim
