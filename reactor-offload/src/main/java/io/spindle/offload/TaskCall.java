// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Task} and its input: what a {@link WorkerPlace} is given of it. Called, it runs on the spot; a place that is
 * elsewhere sends the name of the class and the input instead.
 *
 * @param <I> the type of the input
 * @param <O> the type of the value
 * @since 0.1.0
 */
public final class TaskCall<I, O> implements Callable<@Nullable O> {

    private static final ClassValue<Constructor<?>> CONSTRUCTORS = new ClassValue<>() {
        @Override
        protected Constructor<?> computeValue(Class<?> task) {
            return constructor(task);
        }
    };

    private final Class<? extends Task<I, O>> task;
    private final I input;

    private TaskCall(Class<? extends Task<I, O>> task, I input) {
        this.task = task;
        this.input = input;
    }

    /**
     * Makes a call.
     *
     * @param task a class that can be found by its name, with a constructor without parameters
     * @param input not null
     * @throws IllegalArgumentException if there is no such constructor, or the class is abstract or hidden
     */
    public static <I, O> TaskCall<I, O> of(Class<? extends Task<I, O>> task, I input) {
        return new TaskCall<>(checked(task), Objects.requireNonNull(input, "input"));
    }

    static <T extends Task<?, ?>> Class<? extends T> checked(Class<? extends T> task) {
        CONSTRUCTORS.get(Objects.requireNonNull(task, "task"));
        return task;
    }

    private static Constructor<?> constructor(Class<?> task) {
        if (task.isHidden()) {
            throw new IllegalArgumentException("task must be a class with a name, not a lambda, was " + task);
        }
        if (Modifier.isAbstract(task.getModifiers())) {
            throw new IllegalArgumentException("task must not be abstract, was " + task);
        }
        try {
            Constructor<?> constructor = task.getDeclaredConstructor();
            constructor.trySetAccessible(); // where it may not, a public one can do without
            return constructor;
        } catch (NoSuchMethodException e) {
            throw new IllegalArgumentException("task must have a constructor without parameters, was " + task, e);
        }
    }

    /** Returns the class of the task. */
    public Class<? extends Task<I, O>> task() {
        return task;
    }

    /** Returns the input. */
    public I input() {
        return input;
    }

    /** Runs the task here and now, on a new instance. */
    @Override
    public @Nullable O call() throws Exception {
        return instance().run(input);
    }

    private Task<I, O> instance() throws Exception {
        try {
            return task.cast(CONSTRUCTORS.get(task).newInstance());
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Exception thrown) {
                throw thrown;
            }
            throw (Error) e.getCause();
        }
    }

    /** Returns the name of the task's class. */
    @Override
    public String toString() {
        return task.getName();
    }
}
