// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Signals to processes and their descendants. Everything here blocks: it walks the system's list of processes. */
final class ProcessTree {

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);

    private static final int MAX_ROUNDS = 5;

    private ProcessTree() {}

    /** Returns the process and its descendants, or nothing if it has ended: its descendants are then not known. */
    static Set<ProcessHandle> of(ProcessHandle root) {
        Set<ProcessHandle> tree = new LinkedHashSet<>();
        if (root.isAlive()) {
            tree.add(root);
            tree.addAll(descendants(root));
        }
        return tree;
    }

    /** Where nobody can look, for there is no descriptor left, what is known gets its signal all the same. */
    private static List<ProcessHandle> descendants(ProcessHandle root) {
        try (Stream<ProcessHandle> descendants = root.descendants()) {
            return descendants.toList();
        } catch (RuntimeException e) {
            log.warn("the descendants of process {} are not found: {}", root.pid(), e.toString());
            return List.of();
        }
    }

    /**
     * Kills a process, the group that it leads, and its descendants. They are stopped first, until none is new, for one
     * that runs may fork while we look, and what a killed parent leaves behind is no longer found.
     */
    static void kill(Running process) {
        Set<ProcessHandle> tree = new LinkedHashSet<>();
        process.killGroup(() -> tree.addAll(stopped(process.handle())));
        send(Signal.KILL, tree);
    }

    private static void kill(ProcessHandle root) {
        send(Signal.KILL, stopped(root));
    }

    private static Set<ProcessHandle> stopped(ProcessHandle root) {
        return stopped(Set.of(root), () -> of(root));
    }

    private static Set<ProcessHandle> stopped(Set<ProcessHandle> first, Supplier<Set<ProcessHandle>> look) {
        return stopped(first, look, Natives.launcher(), SignalProgram.SHELL);
    }

    /** Stops these and what a look finds, until that is nothing new, where one can be stopped; returns all of them. */
    static Set<ProcessHandle> stopped(
            Set<ProcessHandle> first,
            Supplier<Set<ProcessHandle>> look,
            @Nullable NativeLauncher launcher,
            SignalProgram program) {
        Set<ProcessHandle> tree = new LinkedHashSet<>(first);
        Set<ProcessHandle> stopped = new LinkedHashSet<>();
        for (int round = 0; round < MAX_ROUNDS && stopped.size() < tree.size(); round++) {
            List<ProcessHandle> running = new ArrayList<>(tree);
            running.removeAll(stopped);
            if (launcher != null || program.isThere()) {
                send(Signal.STOP, running, launcher, program);
            }
            stopped.addAll(running);
            tree.addAll(look.get());
        }
        return tree;
    }

    /** Kills what was in the tree when a graceful end began, and what has been added below those still alive. */
    static void kill(Collection<ProcessHandle> members) {
        members.forEach(ProcessTree::kill);
    }

    /**
     * Kills all these children of this JVM, the groups that they lead and what descends from them, as thoroughly as one: for
     * the end of the JVM. One look at all processes serves all of them.
     */
    static void killAllOf(Collection<Running> children) {
        if (children.isEmpty()) {
            return;
        }
        Set<ProcessHandle> roots = children.stream().map(Running::handle).collect(Collectors.toSet());
        Set<ProcessHandle> tree = stopped(roots, () -> below(roots));
        children.forEach(child -> child.signalGroup(Signal.KILL));
        send(Signal.KILL, tree);
    }

    private static Set<ProcessHandle> below(Set<ProcessHandle> roots) {
        List<ProcessHandle> all = descendants(ProcessHandle.current());
        Map<Long, Long> parents = new HashMap<>();
        all.forEach(each -> each.parent().ifPresent(parent -> parents.put(each.pid(), parent.pid())));
        Set<Long> pids = roots.stream().map(ProcessHandle::pid).collect(Collectors.toSet());
        return all.stream().filter(each -> isBelow(pids, each.pid(), parents)).collect(Collectors.toSet());
    }

    private static boolean isBelow(Set<Long> roots, long process, Map<Long, Long> parents) {
        for (Long pid = process; pid != null; pid = parents.get(pid)) {
            if (roots.contains(pid)) {
                return true;
            }
        }
        return false;
    }

    /** Asks a process, the group that it leads, and its descendants to end: each once. Returns whom it asked. */
    static Collection<ProcessHandle> ask(Running process, Signal signal) {
        Set<ProcessHandle> tree = of(process.handle());
        List<ProcessHandle> others =
                tree.stream().filter(each -> !process.isInItsGroup(each)).toList();
        tree.addAll(group(process));
        process.signalGroup(signal);
        send(signal, others);
        return tree;
    }

    /** Returns who is in the group that it leads; those whose parent has gone are nobody's descendants. */
    private static List<ProcessHandle> group(Running process) {
        if (!process.leadsGroup()) {
            return List.of();
        }
        try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
            return all.filter(process::isInItsGroup).toList();
        } catch (RuntimeException e) {
            log.warn(
                    "the group of process {} is not found: {}", process.handle().pid(), e.toString());
            return List.of();
        }
    }

    /**
     * Sends a signal to each that is alive: by the system's call, to nobody else, where that can be made. Else the JDK knows
     * two, and the others are sent by the shell's {@code kill}; between its look who has the number and the signal there is
     * a moment in which the number may be given away.
     */
    static void send(Signal signal, Collection<ProcessHandle> targets) {
        send(signal, targets, Natives.launcher(), SignalProgram.SHELL);
    }

    private static void send(
            Signal signal,
            Collection<ProcessHandle> targets,
            @Nullable NativeLauncher launcher,
            SignalProgram program) {
        if (launcher != null) {
            targets.stream().filter(ProcessHandle::isAlive).forEach(each -> launcher.kill(each, signal));
            return;
        }
        switch (signal) {
            case TERM -> targets.forEach(ProcessHandle::destroy);
            case KILL -> targets.forEach(ProcessHandle::destroyForcibly);
            default -> program.send(signal, targets);
        }
    }
}
