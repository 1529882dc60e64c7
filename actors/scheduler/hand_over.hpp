#pragma once

namespace caf {
class actor_system_config;
class execution_unit;
} // namespace caf

namespace troupe {

/// Gives an actor system the scheduler that troupe's traffic asks for, in place of CAF's two. To be called before the
/// system is made; takes `scheduler.max-threads` and `scheduler.max-throughput` from the configuration as these do.
///
/// A task is a chain of short handlers: dispatcher, host, agent, host, dispatcher. So the first actor that a handler
/// sends a message to is run next by the same thread: nobody is woken, and what it needs is in the cache. Where that
/// handler goes on for long, a thread without work takes it. Everything else waits in one queue, in order, and wakes a
/// thread that sleeps: what comes from other threads, and what a handler sends beyond its first message.
///
/// CAF's `sharing` wakes a sleeping thread for each of those messages; its `stealing` polls, and searches queues of
/// 10 000 actors from end to end.
void use_hand_over_scheduler(caf::actor_system_config& config);

/// To be called by an actor that has waited for something in its handler (a disk), with its `context()`: that time was
/// no work, so what it sends next goes on by the same thread. Under another scheduler it does nothing.
void has_only_waited(caf::execution_unit* context);

} // namespace troupe
