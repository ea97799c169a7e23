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
 * <p>The system property {@code spindle.process.engine} forces how processes are run: {@code epoll}, the default on
 * Linux, {@code threads}, the default elsewhere, or {@code native}, which is experimental: on Linux, Java 22 and later,
 * with {@code --enable-native-access=ALL-UNNAMED}, without a thread for a child.
 */
@NullMarked
package io.spindle.process;

import org.jspecify.annotations.NullMarked;
