#include "runtime/cluster/membership.hpp"
#include "runtime/dispatch/dispatcher_core.hpp"
#include "runtime/link/envelope.hpp"
#include "runtime/link/frame.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/target.hpp"

namespace troupe::fuzz {

namespace {

v1::Hello own_hello() {
  v1::Hello out;
  out.set_protocol(link_protocol);
  out.set_cluster("troupe");
  out.set_name("c1");
  out.set_boot_id("boot");
  out.set_role("coordinator");
  return out;
}

/// What a coordinator does with the messages of somebody who may be a worker.
class coordinator {
public:
  coordinator() {
    v1::TaskBatch batch;
    batch.add_agents()->set_name("a");
    for (uint32_t i = 0; i < 3; ++i) {
      auto* task = batch.add_tasks();
      task->set_run_id("r");
      task->set_task(i);
      task->set_attempt(1);
      task->set_epoch(1);
      task->set_agent("a");
    }
    dispatcher_.tasks_queued(1, batch, now_);
  }

  void take(const v1::Envelope& x) {
    now_ += 100;
    if (x.has_join_cluster()) {
      if (const auto joined = members_.join(x.join_cluster().node(), now_, now_))
        apply(joined->changed);
    } else if (x.has_heartbeat()) {
      if (const auto changed = members_.heartbeat(x.heartbeat(), now_))
        apply(*changed);
    } else if (x.has_leave_cluster()) {
      apply(members_.leave(x.leave_cluster(), now_));
    } else if (x.has_drain_node()) {
      if (const auto changed = members_.drain(x.drain_node().node(), now_))
        apply(*changed);
    } else if (x.has_result_batch()) {
      dispatcher_.results("w1", x.result_batch(), now_);
    } else if (x.has_task_batch()) {
      dispatcher_.tasks_queued(2, x.task_batch(), now_);
    } else if (x.has_cancel_batch()) {
      dispatcher_.cancel(x.cancel_batch());
    }
    apply(members_.tick(now_));
    dispatcher_.tick(now_);
    for (const auto& batch : dispatcher_.flush(now_, now_).batches)
      outstanding_ += batch.batch.tasks.size();
    require(dispatcher_.stats().outstanding <= outstanding_, "nothing is outstanding that was not sent");
    members_.list(now_);
  }

private:
  void apply(const membership::changes& changed) {
    for (const auto& x : changed) {
      if (x.is_gone())
        dispatcher_.node_gone(x.status.info().name(), x.status.info().boot_id(), x.reason, now_);
      else
        dispatcher_.node_changed(x.status, now_);
    }
  }

  membership members_{membership_config{}};
  dispatcher_core dispatcher_;
  size_t outstanding_ = 0;
  int64_t now_ = 1'000;
};

} // namespace

/// The bytes that a peer sends over a link.
void link_frames(std::string_view data) {
  constexpr frame_limits limits{.max_frame = 1 << 16, .piece = 1 << 12, .max_message = 1 << 18};
  decisions from{data};
  const auto seed = from.byte();
  const auto bytes = unfold(from.take(data.size()));

  std::vector<std::string> whole;
  frame_decoder at_once{limits};
  const auto fed = at_once.feed(bytes, [&](std::string_view x) { whole.emplace_back(x); });

  std::vector<std::string> parts;
  frame_decoder piecewise{limits};
  bool good = true;
  in_pieces(bytes, seed, [&](std::string_view piece) {
    good = good && piecewise.feed(piece, [&](std::string_view x) { parts.emplace_back(x); });
    require(piecewise.buffered() <= limits.max_frame + limits.max_message + frame_header_size, "memory is bounded");
  });
  require(good == fed.has_value() && parts == whole, "pieces of a stream mean what the stream means");

  coordinator self;
  for (const auto& message : parts) {
    v1::Envelope envelope;
    if (!parse_envelope(message, envelope, {.max_objects = 10'000}))
      continue;
    static_cast<void>(check_hello(envelope, own_hello()));
    static_cast<void>(check_recipient(envelope, "boot"));
    self.take(envelope);
  }
}

} // namespace troupe::fuzz
