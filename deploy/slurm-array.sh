#!/bin/sh
# id=$(sbatch --parsable slurm-array.sh)
# sbatch --dependency "afterany:$id" --wrap 'ec2-image publish'
#
# One task for each shard, without gaps; the images of ec2-image.yaml in the directory of the submission are dealt out among them.
#SBATCH --job-name=ec2-image
#SBATCH --array=0-7
#SBATCH --cpus-per-task=2
#SBATCH --mem=1G
#SBATCH --time=02:00:00
# A task whose node fails is queued again and goes on where it was.
#SBATCH --requeue
# What a task says after it was queued again stands below what it said before.
#SBATCH --open-mode=append
#SBATCH --output=ec2-image-%A_%a.log
# SIGTERM to all of it, a minute before the time is over: a run then stops cleanly.
#SBATCH --signal=TERM@60
set -eu
# A work directory for each task, kept where a task that is queued again finds it.
EC2_IMAGE_WORK_DIR=${EC2_IMAGE_WORK_DIR:-$SLURM_SUBMIT_DIR/.ec2-image}/$SLURM_ARRAY_TASK_ID
export EC2_IMAGE_WORK_DIR
exec srun ec2-image import
