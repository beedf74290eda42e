"""Several graphs as one run: times add up, weights count once, the largest activations count."""

import numpy as np
import pytest

from phantomgpu.comparison.sweep import schedule_for
from phantomgpu.cost import predict
from phantomgpu.families.definition import Definition, Part
from phantomgpu.serving import Load, run_of
from phantomgpu.serving.program import Program, Stage
from tests.unit.comparison.builders import a_graph
from tests.unit.serving.builders import a_run, the_catalog


def a_diffusion_model(steps=20):
    return Definition(
        name="drawing",
        family="diffusion",
        parameters=0,
        parts=(
            Part("text-encoder", a_graph(layers=1, width=64, sha256="t")),
            Part("unet", a_graph(layers=4, width=256, sha256="u"), per_step=True, evaluations=2),
            Part("vae-decoder", a_graph(layers=2, width=512, sha256="v")),
        ),
        steps=steps,
    )


def a_composite(steps=0, **changed):
    runtime = the_catalog().runtime("tensorrt")
    return run_of(
        a_diffusion_model(**changed), runtime, {}, load=Load(steps=steps), lowered=schedule_for
    )


def latency_s(run, batch=1):
    (outcome,) = run.at("fp16", [batch], [the_catalog().gpu("t4")])
    return float(outcome.estimate.latency_s[0])


def test_a_run_is_the_sum_of_its_passes():
    runtime, gpu = the_catalog().runtime("tensorrt"), the_catalog().gpu("t4")
    parts = a_diffusion_model().parts
    alone = [
        float(
            predict(
                [schedule_for(part.graph, runtime, {}).at(3 * part.evaluations, "fp16")],
                [gpu],
                runtime,
            )[0].latency_s[0]
        )
        for part in parts
    ]

    assert latency_s(a_composite(), batch=3) == pytest.approx(alone[0] + 20 * alone[1] + alone[2])


def test_steps_that_are_asked_for_win_over_the_usual_number():
    few, usual, many = (latency_s(a_composite(steps)) for steps in (10, 0, 40))

    assert few < usual < many
    assert many - usual == pytest.approx(2 * (usual - few))


def test_weights_of_all_parts_are_in_memory_once():
    program = a_composite().inside(1)

    assert program.at(1, "fp32").weight_bytes == 4 * (64**2 + 4 * 256**2 + 2 * 512**2)


def test_what_is_looked_into_adds_up_to_the_run():
    run = a_composite()
    program = run.inside(1)
    workload, steps = program.at(1, "fp16"), program.steps(1, "fp16")
    (outcome,) = run.at("fp16", [1], [the_catalog().gpu("t4")])
    estimate = outcome.estimate

    launched = np.zeros(len(workload.kernels))
    for step in steps:
        launched[step.kernel] += step.repeats
    assert launched == pytest.approx(workload.kernels.count)
    each_s = estimate.kernel_s[0] + estimate.launch_s[0]
    assert (each_s * workload.kernels.count).sum() == pytest.approx(estimate.latency_s[0])
    assert {step.module[0] for step in steps} == {"text-encoder", "unet", "vae-decoder"}


@pytest.mark.parametrize("runtime", ["vllm", "llama-cpp"])
def test_what_is_looked_into_of_a_served_model_adds_up_to_a_request(runtime):
    run = a_run(runtime=runtime)
    workload = run.inside(8).at(8, "fp16")
    (outcome,) = run.at("fp16", [8], [the_catalog().gpu("a100-sxm-80gb")])
    estimate = outcome.estimate

    each_s = estimate.kernel_s[0] + estimate.launch_s[0]
    assert (each_s * workload.kernels.count).sum() == pytest.approx(estimate.latency_s[0])
    assert workload.weight_bytes == run.generating.memory.weight_bytes("fp16")


def test_a_program_without_a_batch_dimension_says_so():
    runtime = the_catalog().runtime("tensorrt")
    fixed = schedule_for(a_graph(batch=4), runtime, {})
    free = schedule_for(a_graph(), runtime, {})

    assert Program((Stage("a", free),)).batch_dim == "batch"
    assert Program((Stage("a", free), Stage("b", fixed))).batch_dim is None
