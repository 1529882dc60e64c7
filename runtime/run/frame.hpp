#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"
#include "runtime/run/outcome.hpp"
#include "runtime/team/turn_context.hpp"
#include "runtime/workflow/step.hpp"
#include "troupe/v1/journal.pb.h"
#include "troupe/v1/task.pb.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

class engine;
struct frame;

/// Makes a frame the turn of a team's member, or its answer to a question.
struct turn_info {
  std::string role;
  bool answering = false;
  /// What the member is told; `$.turn`, and its input where none is mapped.
  std::shared_ptr<const turn_context> context;
};

/// What is special about one kind of step while it runs. A new pattern is a new body: it starts children, hears how
/// they ended, and ends itself through engine::body_ended. Everything that all steps share (conditions, time limits,
/// retries, fallbacks) is the frame's business, so a body need not know of it.
class step_body {
public:
  virtual ~step_body() = default;

  /// Called once. May end the body at once.
  virtual void begin(engine& run, frame& self) = 0;

  /// A child that this body started has ended. Not called after `stop`.
  virtual void child_ended(engine& run, frame& self, uint32_t slot, outcome how) = 0;

  /// A timer that this body started has fired.
  virtual void timer_fired(engine& run, frame& self, uint32_t which);

  /// A task that this body sent has ended, or its node was lost.
  virtual void task_finished(engine& run, frame& self, const v1::TaskResult& result);
  virtual void task_lost(engine& run, frame& self, const v1::TaskLost& loss);

  /// An agent below the child in `slot`, which carries a turn, did something. Answered through
  /// engine::answer_operation, now or later.
  virtual void operation(engine& run, frame& self, uint32_t slot, const v1::TaskOp& op);

  /// What was done so far in the frame `place`, at or below the child in `slot`, which carries a turn, has failed: it
  /// is done anew, or something else takes its place.
  virtual void tried_in_vain(uint32_t slot, uint32_t place);

  /// Why such an operation is refused in whatever state: it is not even journaled, for there may be many of them.
  virtual std::optional<error> too_much(const v1::TaskOp& op) const;

  /// Whether a person's answer would change anything.
  virtual bool awaits(const v1::QuestionAnswered& answer) const;
  virtual void question_answered(engine& run, frame& self, const v1::QuestionAnswered& answer);

  /// Another coordinator owns the run now: send again what is in flight.
  virtual void resumed(engine& run, frame& self);

  /// The step ends without this body's consent (cancelled, out of time). Children have been stopped already; tasks and
  /// timers of the body's own are its to cancel.
  virtual void stop(engine& run, frame& self, const std::string& reason);

  /// Output of an ended child by step id, where children have names that expressions see; else null.
  virtual const outcome* child_outcome(std::string_view id) const;

  /// All of those.
  virtual void visit_outcomes(const std::function<void(std::string_view id, const outcome&)>& visit) const;

  /// Adds what distinguishes two states of this body; see run_machine::digest.
  virtual uint64_t digest() const = 0;
};

/// What only few frames have.
struct rare_facts {
  /// Input that the parent's body computed itself; null = the definition's mapping.
  std::shared_ptr<const json> fixed_input;
  /// `$.workspace` where a team evaluates its own expressions.
  std::shared_ptr<const workspace_snapshot> workspace;
  /// `$.error` and `$.partial` for a fallback.
  std::shared_ptr<const json> error;
  std::shared_ptr<const json> partial;
};

/// One step that has begun: an instance of a definition at a place in the run.
struct frame {
  enum class phase : uint8_t {
    /// Its body works.
    running,
    /// Waits to try the body again.
    backing_off,
    /// Its fallback works.
    falling_back,
    ended,
  };

  uint32_t id = 0;
  const step* definition = nullptr;
  frame* parent = nullptr;
  /// Which child of the parent's body this is.
  uint32_t slot = 0;
  phase now = phase::running;
  std::unique_ptr<step_body> body;
  /// Frames that were started from here and have not ended.
  std::vector<frame*> children;
  /// Position in `parent->children`.
  size_t position = 0;

  /// Name of a branch; empty elsewhere.
  std::string branch;
  /// `$.item` and `$.index` for everything below; null where an outer frame's count.
  const json* item = nullptr;
  uint32_t index = 0;
  /// Set on the children of a team; counts for everything below.
  std::shared_ptr<const turn_info> turn;
  /// Null in most: a wide fan-out has a hundred thousand frames.
  std::unique_ptr<rare_facts> rare;

  int32_t priority = 0;
  uint32_t tries = 1;
  uint64_t timeout_timer = 0;
  uint64_t retry_timer = 0;
  /// How the body ended, until its consequences are drawn; why it failed, while the fallback works.
  std::unique_ptr<outcome> ending;

  rare_facts& facts() {
    if (!rare)
      rare = std::make_unique<rare_facts>();
    return *rare;
  }
};

/// While it lives, expressions of the frame see this workspace, and not the one of a team around it.
class workspace_in_sight {
public:
  workspace_in_sight(frame& at, std::shared_ptr<const workspace_snapshot> what) : at_{at} {
    at_.facts().workspace = std::move(what);
  }
  ~workspace_in_sight() {
    at_.rare->workspace.reset();
  }
  workspace_in_sight(const workspace_in_sight&) = delete;
  workspace_in_sight& operator=(const workspace_in_sight&) = delete;

private:
  frame& at_;
};

/// "research[3].draft"; "" for the root.
std::string path_of(const frame& f);

} // namespace troupe
