// SPDX-License-Identifier: Apache-2.0
/**
 * Child processes as streams, without a thread for each stream.
 *
 * <p>Start from {@link io.spindle.process.Command}: {@code exec()} runs a program to its end and gives its text,
 * {@code lines()} and {@code output()} stream what it writes, {@code spawn()} gives the running
 * {@link io.spindle.process.ChildProcess}. Demand reaches the pipe, cancel kills the process tree, and what is
 * subscribed on an {@link io.spindle.loop.EventLoop} signals there and keeps it alive. Elsewhere, signals come on
 * {@link reactor.core.scheduler.Schedulers#parallel()}. {@code pipe} connects programs to a
 * {@link io.spindle.process.Pipeline}.
 *
 * <p>On Linux with Java 22 and later, where the JVM was started with {@code --enable-native-access=ALL-UNNAMED}, programs
 * are run by the system's own calls, without a thread for a child; otherwise on Linux by {@code ProcessBuilder} and epoll,
 * elsewhere with a thread for each pipe. The system property {@code spindle.process.engine} forces one of them:
 * {@code native}, {@code epoll} or {@code threads}.
 *
 * <p>Children that are not detached end with this JVM, by a hook; on Linux also if it is killed, by a process beside it, one
 * {@code /bin/sh} that is started with the first child. The system property {@code spindle.process.guard}, {@code false},
 * does without it.
 *
 * <p>{@link io.spindle.process.Fork} starts a class of this program in a JVM of its own, or any program, with a
 * {@link io.spindle.process.ipc.Channel} to talk over.
 */
@NullMarked
package io.spindle.process;

import org.jspecify.annotations.NullMarked;
