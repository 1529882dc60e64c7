#pragma once

#include "messages/errors.hpp"
#include "messages/supervisor.hpp"

#include <caf/actor_cast.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <string>
#include <vector>

namespace troupe::test {

/// As little of a supervisor as an agent host needs: restarts at once, gives up after a number of crashes, kills what
/// it stops.
struct simple_supervisor_state {
  static inline const char* name = "simple-supervisor";

  struct child {
    child_spec spec;
    caf::actor handle;
    uint64_t restarts = 0;
  };

  std::map<std::string, child> children;
  int crashes = 0;
};

inline supervisor_actor::behavior_type
simple_supervisor(supervisor_actor::stateful_pointer<simple_supervisor_state> self, int max_crashes) {
  self->set_down_handler([self, max_crashes](const caf::down_msg& down) {
    auto& st = self->state;
    for (auto i = st.children.begin(); i != st.children.end(); ++i) {
      auto& c = i->second;
      if (!c.handle || c.handle.address() != down.source)
        continue;
      if (c.spec.restart == restart_type::temporary) {
        st.children.erase(i);
        return;
      }
      if (++st.crashes > max_crashes) {
        for (auto& other : st.children)
          self->send_exit(other.second.handle, caf::exit_reason::kill);
        self->quit(caf::make_error(ec::agent_crashed, "too many crashes"));
        return;
      }
      ++c.restarts;
      c.handle = c.spec.start(self->system());
      if (c.handle)
        self->monitor(c.handle);
      return;
    }
  });
  return {
      [self](const start_child& x) -> caf::result<caf::actor> {
        auto handle = x.spec.start(self->system());
        if (!handle)
          return caf::make_error(ec::internal, "could not be started");
        self->monitor(handle);
        self->state.children[x.spec.id] = {x.spec, handle, 0};
        return handle;
      },
      [self](const stop_child& x) -> caf::result<v1::Ack> {
        auto i = self->state.children.find(x.id);
        if (i == self->state.children.end())
          return caf::make_error(ec::not_found, x.id);
        self->demonitor(i->second.handle.address());
        self->send_exit(i->second.handle, caf::exit_reason::user_shutdown);
        self->state.children.erase(i);
        return v1::Ack{};
      },
      [self](const list_children&) {
        std::vector<child_status> out;
        for (auto& [id, c] : self->state.children)
          out.push_back({id, static_cast<bool>(c.handle), c.restarts});
        return out;
      },
  };
}

} // namespace troupe::test
