#include "actors/run/stored_workspace.hpp"

#include "messages/errors.hpp"
#include "runtime/run/replay_workspace.hpp"
#include "runtime/team/workspace_feed.hpp"

#include <caf/typed_response_promise.hpp>

#include <utility>

namespace troupe {

namespace {

result<workspace_feed> feed_of(const v1::RunDetails& details, const std::string& step) {
  auto found = replay_workspace(details, step);
  if (!found)
    return tl::unexpected(found.error());
  return workspace_feed{details.summary().run_id(), found->step, *found->now};
}

/// Asks the journal for the run and hands it to `then`, whose error is the answer.
template <class T, class F>
caf::typed_response_promise<T> with_run(stored_workspace_actor::pointer self, const journal_actor& journal,
                                        milliseconds timeout, const std::string& run_id, F then) {
  auto promise = self->make_response_promise<T>();
  v1::GetRun get;
  get.set_run_id(run_id);
  self->request(journal, timeout, std::move(get))
      .then(
          [self, promise, then](const v1::RunDetails& details) mutable {
            result<T> answer = then(details);
            if (answer)
              promise.deliver(std::move(*answer));
            else
              promise.deliver(to_caf(answer.error()));
            self->quit();
          },
          [self, promise](caf::error& why) mutable {
            promise.deliver(std::move(why));
            self->quit();
          });
  return promise;
}

} // namespace

stored_workspace_actor::behavior_type stored_workspace(stored_workspace_actor::pointer self, journal_actor journal,
                                                       milliseconds timeout) {
  return {
      [self, journal, timeout](const v1::ReadWorkspace& request) -> caf::result<v1::WorkspaceView> {
        return with_run<v1::WorkspaceView>(
            self, journal, timeout, request.run_id(),
            [request = v1::ReadWorkspace{request}](const v1::RunDetails& details) -> result<v1::WorkspaceView> {
              auto feed = feed_of(details, request.step());
              if (!feed)
                return tl::unexpected(feed.error());
              return feed->read(request);
            });
      },
      [self, journal, timeout](const v1::WatchWorkspace& request,
                               const workspace_watcher_actor& watcher) -> caf::result<v1::Ack> {
        return with_run<v1::Ack>(
            self, journal, timeout, request.run_id(),
            [self, watcher, request = v1::WatchWorkspace{request}](const v1::RunDetails& details) -> result<v1::Ack> {
              auto feed = feed_of(details, request.step());
              if (!feed)
                return tl::unexpected(feed.error());
              if (!feed->ended())
                return fail(v1::ERROR_CODE_UNAVAILABLE,
                            "run " + request.run_id()
                                + " has not ended, and this coordinator does not work on it: troupe resume "
                                + request.run_id(),
                            true);
              std::vector<workspace_feed::notice> notices;
              (void)feed->watch(1, notices);
              for (auto& x : notices)
                self->send(watcher, std::move(x.update));
              return v1::Ack{};
            });
      },
  };
}

} // namespace troupe
